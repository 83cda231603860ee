"""The child process in which pages are drawn, each into a JPEG file.

Its stdout says ``at N`` before it touches page N in this very process, and ``drawn N`` or ``failed N WHY``
after it. Started by ``vdr.render`` through ``core.child``, which limits what it and poppler may use:
``python -m vdr.render_child ORDER``.
"""

import json
import signal
import sys

from vdr.render_order import At, Drawn, Order


def main() -> int:
    """Carry out the order in the first argument; answers the exit status."""
    order = Order(**json.loads(sys.argv[1]))

    def at(page: int) -> None:
        # Nobody handles the alarm: it ends this process, whatever C code it is in.
        signal.setitimer(signal.ITIMER_REAL, order.page_seconds)
        _say(f"at {page}")

    for page, failure in _draw(order, at):
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(f"failed {page} {failure}" if failure else f"drawn {page}")
    return 0


def _draw(order: Order, at: At) -> Drawn:
    if order.program == "poppler":
        from vdr import render_poppler  # noqa: PLC0415  each program needs its own library only

        return render_poppler.draw(order, at)
    if order.program == "pdfium":
        from vdr import render_pdfium  # noqa: PLC0415

        return render_pdfium.draw(order, at)
    from vdr import render_pictures  # noqa: PLC0415

    return render_pictures.draw(order, at)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
