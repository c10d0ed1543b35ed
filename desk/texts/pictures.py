"""What pictures say, and why one could not be drawn."""

NO_FONT = (
    "这台电脑上没有中文字体，画不出图。Windows 请装「微软雅黑」或「黑体」；"
    "Linux 请装一个，例如 apt install fonts-noto-cjk 或 fonts-wqy-microhei，再来一次。"
)
