"""Every error we raise, named for what the caller does next."""


class VitalrigError(Exception):
    """The base of our errors. Catch it only where one part may fail alone."""


class BadMessage(VitalrigError):
    """One message cannot be understood. Count it, skip it, go on."""


class Unavailable(VitalrigError):
    """Something outside is away for now. Wait, then try again."""


class BadSettings(VitalrigError):
    """The configuration cannot work. Say which key, and stop."""


class CannotStart(VitalrigError):
    """Something this process needs for itself is taken or missing. Say what, and stop."""


class CannotGoOn(VitalrigError):
    """Another process has taken this one's place. Say who, and stop."""


class BadRequest(VitalrigError):
    """A caller asked for something that makes no sense. Tell it what would."""


class InvalidState(VitalrigError):
    """A caller asked for something that the present state does not allow. Tell it what to do."""
