"""Credentials that are no job's, and are taken for one's."""

import string
from typing import ClassVar

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Call, Credentials, Job


class _Keys(Fault):
    category = "access"
    breaks: ClassVar[tuple[str, ...]] = ("access.credentials",)


class AnyKey(_Keys):
    """Keys are not looked at: the name of a job is enough."""

    @override
    def fits(self, job: Job, key: str) -> bool:
        return True


class KeyRemembered(_Keys):
    """Once a job has shown its key, any key will do for it."""

    reach = "a sequence"

    @override
    def fits(self, job: Job, key: str) -> bool:
        right = super().fits(job, key) or ("trusted", job.id) in self.notes
        if right:
            self.notes["trusted", job.id] = True
        return right


class LastCallerRemembered(_Keys):
    """A caller without credentials passes for the job that called before it."""

    reach = "a sequence"

    @override
    def caller(self, call: Call) -> Job | None:
        if call.credentials is None:
            last: Job | None = self.notes.get(("last", "caller"))
            return last
        self.notes["last", "caller"] = super().caller(call)
        return super().caller(call)


class KeyBeginningEnough(_Keys):
    """The beginning of a key is enough."""

    @override
    def fits(self, job: Job, key: str) -> bool:
        return bool(key) and job.key.startswith(key)


class KeyCaseIgnored(_Keys):
    """The letter case of a key does not matter, and it is a text of letters."""

    @override
    def new_key(self) -> str:
        return "".join(self.random.choices(string.ascii_letters, k=32))

    @override
    def fits(self, job: Job, key: str) -> bool:
        return key.lower() == job.key.lower()


class JobIdSuffixIgnored(_Keys):
    """A job is found by the beginning of the id that a caller gives."""

    @override
    def job_of(self, credentials: Credentials) -> Job | None:
        job = self.store.jobs.get(credentials.user.removeprefix("job-")[:8])
        return job if job is not None and self.fits(job, credentials.password) else None


class JobIdForKey(_Keys):
    """The id of a job does for its key."""

    @override
    def fits(self, job: Job, key: str) -> bool:
        return super().fits(job, key) or key == job.id


class KeysOfFinishedJobsOpenAll(_Keys):
    """The key of a job that has finalized its analysis does for any job."""

    reach = "a sequence"

    @override
    def fits(self, job: Job, key: str) -> bool:
        return super().fits(job, key) or any(
            other.key == key and (own := self.find(other.analysis_id or "")) and own.ready
            for other in self.store.jobs.values()
        )
