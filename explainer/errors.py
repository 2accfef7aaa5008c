"""The errors a reader may meet: what was found, what was expected, what to do."""

from pathlib import Path


class ExplainerError(Exception):
    """Base of all errors that are meant for the person at the keyboard.

    Only the ways in (command line, page, bulk) turn one into a line without a traceback.
    """

    code = "error"


class BadInput(ExplainerError):
    """The text, or something given beside it, cannot be read as it stands."""

    code = "bad_input"


class MissingExtra(ExplainerError):
    """An optional part is not installed."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f'{what} needs the extra "{extra}": run  pip install -e ".[{extra}]" -c constraints.txt  in the clone'
        )


class Unexplained(ExplainerError):
    """The program itself failed on this text. Says where, and not with which words: they may be private."""

    code = "internal"

    def __init__(self, error: Exception) -> None:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f" at {Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else ""
        super().__init__(f"the program failed on this text ({type(error).__name__}{place}): the others are not touched")


class BadModel(ExplainerError):
    """A model folder is missing, incomplete or altered."""

    code = "bad_model"


class BadKnowledge(ExplainerError):
    """A source document does not have the agreed form."""

    code = "bad_knowledge"


class BadPrompt(ExplainerError):
    """A prompt template and the values for it do not fit together."""

    code = "bad_prompt"
