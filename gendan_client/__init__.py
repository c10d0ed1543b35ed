"""Gendan's client for other platforms: send orders, snapshots and positions, read positions, compare strategies.

Standard library only, Python 3.8 or later. Nothing here knows the daemon's code.
"""

from gendan_client.codes import joinquant_code as joinquant_code
from gendan_client.codes import prefixed_code as prefixed_code
from gendan_client.codes import ptrade_code as ptrade_code
from gendan_client.codes import qmt_code as qmt_code
from gendan_client.codes import read_code as read_code
from gendan_client.conflicts import Conflict as Conflict
from gendan_client.conflicts import conflict_table as conflict_table
from gendan_client.conflicts import find_conflicts as find_conflicts
from gendan_client.easyxt import EasyXtConfig as EasyXtConfig
from gendan_client.easyxt import read_easyxt_config as read_easyxt_config
from gendan_client.errors import BadAnswer as BadAnswer
from gendan_client.errors import BadCode as BadCode
from gendan_client.errors import BadConfig as BadConfig
from gendan_client.errors import BadRow as BadRow
from gendan_client.errors import BadRows as BadRows
from gendan_client.errors import Busy as Busy
from gendan_client.errors import ClockRefused as ClockRefused
from gendan_client.errors import DamagedMessage as DamagedMessage
from gendan_client.errors import EmptyReading as EmptyReading
from gendan_client.errors import Expired as Expired
from gendan_client.errors import FailedReading as FailedReading
from gendan_client.errors import ForeignMessage as ForeignMessage
from gendan_client.errors import GendanError as GendanError
from gendan_client.errors import LimitExceeded as LimitExceeded
from gendan_client.errors import NoAnswer as NoAnswer
from gendan_client.errors import NotAllowed as NotAllowed
from gendan_client.errors import NotFound as NotFound
from gendan_client.errors import Overtaken as Overtaken
from gendan_client.errors import Refused as Refused
from gendan_client.errors import SpoolInUse as SpoolInUse
from gendan_client.errors import Unreachable as Unreachable
from gendan_client.errors import Unsigned as Unsigned
from gendan_client.events import BUY as BUY
from gendan_client.events import SELL as SELL
from gendan_client.events import Cancel as Cancel
from gendan_client.events import Heartbeat as Heartbeat
from gendan_client.events import Held as Held
from gendan_client.events import LiveOrder as LiveOrder
from gendan_client.events import Order as Order
from gendan_client.events import Snapshot as Snapshot
from gendan_client.outside import Backoff as Backoff
from gendan_client.positions import EASYXT as EASYXT
from gendan_client.positions import PTRADE as PTRADE
from gendan_client.positions import QMT as QMT
from gendan_client.positions import SYNC as SYNC
from gendan_client.positions import TOTAL as TOTAL
from gendan_client.positions import Form as Form
from gendan_client.positions import Position as Position
from gendan_client.positions import Reading as Reading
from gendan_client.positions import read_positions as read_positions
from gendan_client.positions import write_positions as write_positions
from gendan_client.sender import Delivery as Delivery
from gendan_client.sender import Failure as Failure
from gendan_client.sender import Receipt as Receipt
from gendan_client.sender import Sender as Sender
from gendan_client.server import ApiKey as ApiKey
from gendan_client.server import InternalPassword as InternalPassword
from gendan_client.server import PositionServer as PositionServer
from gendan_client.server import Signed as Signed
from gendan_client.server import Token as Token
from gendan_client.syncing import IntervalSync as IntervalSync
from gendan_client.syncing import Round as Round
from gendan_client.transport import HttpTransport as HttpTransport
from gendan_client.wire import Keys as Keys

__version__ = "0.1.0"
