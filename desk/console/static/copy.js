// A button with data-copies="id" puts that field's text on the clipboard, also where a page is not served over https.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    button.addEventListener("click", async () => {
      field.select();
      if (navigator.clipboard && window.isSecureContext) await navigator.clipboard.writeText(field.value);
      else document.execCommand("copy");
      button.textContent = button.dataset.copied;
    });
  }
})();
