"""Which buttons of the staff area were pressed, so that a press counts once."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.extensions import Model


class Press(Model):
    """One press of a button: a digest of its form's token, deed and rows, and how many rows it changed."""

    __tablename__ = "staff_presses"

    press: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(default=0)
    pressed_at: Mapped[datetime] = mapped_column(default=clock.wall, index=True)
