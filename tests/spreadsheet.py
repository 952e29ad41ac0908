"""A spreadsheet program that opens a sheet, changes cells and saves it: LibreOffice, without a window.

Run by the Python that has LibreOffice's own bindings: `python3 tests/spreadsheet.py IN OUT FILTER OPTIONS CELL=TEXT…`.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

FILTERS = {
    ".xlsx": ("Calc MS Excel 2007 XML", ""),
    ".csv": ("Text - txt - csv (StarCalc)", "44,34,76,1,,0,false,true,false"),
}


def there() -> bool:
    """Whether the program and its Python are installed."""
    if not shutil.which("soffice"):
        return False
    return not subprocess.run(["/usr/bin/python3", "-c", "import uno"], capture_output=True, check=False).returncode


def edit(source: Path, target: Path, cells: dict[str, str]) -> None:
    """Changes cells of the first sheet as somebody who types them would, and saves it in its own format."""
    name, options = FILTERS[source.suffix]
    typed = [f"{cell}={text}" for cell, text in cells.items()]
    command = ["/usr/bin/python3", __file__, str(source), str(target), name, options, *typed]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, "PYTHONPATH": ""})


def _main() -> None:
    import uno  # type: ignore[import-not-found]
    from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]
    from com.sun.star.connection import NoConnectException  # type: ignore[import-not-found]

    source, target, name, options, *typed = sys.argv[1:]
    pipe = f"nines-{uuid4().hex}"
    profile = Path(target).parent / f"profile-{pipe}"
    accept = f"--accept=pipe,name={pipe};urp;"
    program = subprocess.Popen(
        ["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation={profile.as_uri()}", accept]
    )
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    for _ in range(240):
        try:
            there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            break
        except NoConnectException:
            time.sleep(0.25)
    desktop = there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)
    given = (
        PropertyValue(Name="Hidden", Value=True),
        PropertyValue(Name="FilterName", Value=name),
        PropertyValue(Name="FilterOptions", Value=options),
    )
    book = desktop.loadComponentFromURL(Path(source).as_uri(), "_blank", 0, given)
    sheet = book.Sheets.getByIndex(0)
    for one in typed:
        cell, _, text = one.partition("=")
        sheet.getCellRangeByName(cell).setFormula(text)
    book.storeToURL(Path(target).as_uri(), given[1:])
    book.close(True)
    desktop.terminate()
    program.wait(60)
    shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    _main()
