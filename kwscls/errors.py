"""The one kind of error that a user can mend."""


class KwsclsError(Exception):
    """A failure the user can mend, told in one line: what is wrong, where, and what to do.

    Args:
        what: what is wrong, without a full stop.
        where: the file, folder, flag or label that it is about.
        remedy: what to do about it.
    """

    def __init__(self, what, where=None, remedy=None):
        self.what, self.where, self.remedy = what, where, remedy
        line = f"{where}: {what}" if where is not None else str(what)
        line = f"{line}; {remedy}" if remedy else line
        super().__init__(" ".join(line.split()))
