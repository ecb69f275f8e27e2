"""The rows of the fault matrix. Importing this package enters those of all its modules into `faults.case.BOOK`."""

import pkgutil
from importlib import import_module

for module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
