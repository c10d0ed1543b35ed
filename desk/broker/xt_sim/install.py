"""Put simulated terminals in the place of xtquant's native modules, and take them away again.

Nothing of xtquant is imported here: whoever imports it afterwards gets the genuine Python layer over the fakes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType

from desk.broker.xt_sim import natives, registry
from desk.broker.xt_sim.client import XtQuantAsyncClient
from desk.broker.xt_sim.quotes import IPythonApiClient
from desk.broker.xt_sim.terminal import Terminal

_PACKAGE = "xtquant"
_NATIVE = (f"{_PACKAGE}.xtpythonclient", f"{_PACKAGE}.datacenter")
# Modules of the genuine layer that hold on to what a native module gave them when they were imported.
_HOLDERS = tuple(f"{_PACKAGE}.{name}" for name in ("xttrader", "xtdata", "xtdatacenter", "xtconn"))


def _trade_module() -> ModuleType:
    module = ModuleType(_NATIVE[0])
    vars(module).update(natives.REQUESTS, **natives.TOLD, XtQuantAsyncClient=XtQuantAsyncClient)
    return module


def _quote_module() -> ModuleType:
    module = ModuleType(_NATIVE[1])
    vars(module).update(
        IPythonApiClient=IPythonApiClient,
        rpc_init=lambda config_dir: 0,
        get_local_server_port=lambda: 0,
        register_create_nparray=lambda create: None,
    )
    return module


_FAKES = {_NATIVE[0]: _trade_module(), _NATIVE[1]: _quote_module()}
_replaced: dict[str, ModuleType] = {}


def install(terminals: Iterable[Terminal]) -> None:
    """Make these the machine's terminals; xtquant's genuine Python layer, imported from now on, meets them.

    What of that layer was imported over other natives is set aside until `uninstall`.
    """
    registry.put(terminals)
    if all(sys.modules.get(name) is fake for name, fake in _FAKES.items()):
        return
    for name in (*_NATIVE, *_HOLDERS):
        module = sys.modules.pop(name, None)
        if module is not None:
            _replaced[name] = module
            _forget_attribute(name)
    for name, fake in _FAKES.items():
        _place(name, fake)


def uninstall() -> None:
    """Close the terminals and put back what `install` had set aside."""
    for terminal in registry.terminals():
        terminal.close()
    registry.put(())
    for name in (*_NATIVE, *_HOLDERS):
        sys.modules.pop(name, None)
        _forget_attribute(name)
    for name, module in _replaced.items():
        _place(name, module)
    _replaced.clear()


def _place(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    package = sys.modules.get(_PACKAGE)
    if package is not None:
        setattr(package, name.rpartition(".")[2], module)


def _forget_attribute(name: str) -> None:
    package = sys.modules.get(_PACKAGE)
    if package is not None:
        vars(package).pop(name.rpartition(".")[2], None)
