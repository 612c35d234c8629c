"""New jobs, analyses and files: the same ones in the same order at each start."""

import string
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from virtool_contract.reference.values import Analysis, File, Job, Named

SEED: Final = 20171003
ALPHABET: Final = string.ascii_lowercase + string.digits
EPOCH: Final = datetime(2017, 10, 3, 21, 35, 54, 813000, tzinfo=UTC)
WORKFLOWS: Final = ("pathoscope_bowtie", "nuvs", "aodp", "iimi")
USERS: Final = ("igboyes", "bob", "zoë", "m-larsen")
SUBTRACTIONS: Final = (
    "Arabidopsis Thaliana",
    "Malus domestica",
    "Prunus avium",
    "Ilex paraguariensis (maté)",
)
FORMATS: Final = ("fasta", "csv", "sam", "json")
DESCRIPTIONS: Final = (None, "Assembled contigs", "Reads left after subtraction")


class Minting:
    """Makes up values that differ from one analysis to the next, so that mixing them up shows."""

    def __init__(self) -> None:
        """Start from the constant seed."""
        super().__init__()
        self.random = Random(SEED)  # noqa: S311  # the ids must be the same at each start
        self.minted = 0

    def new_id(self) -> str:
        """Eight lower-case letters and digits, like the documentation's."""
        return "".join(self.random.choices(ALPHABET, k=8))

    def new_key(self) -> str:
        """32 hexadecimal digits."""
        return f"{self.random.getrandbits(128):032x}"

    def new_job(self, analysis_id: str | None) -> Job:
        """Return a job that runs `analysis_id`, or nothing."""
        return Job(id=self.new_id(), key=self.new_key(), analysis_id=analysis_id)

    def new_analysis(self, analysis_id: str, job_id: str, files: int) -> Analysis:
        """Return a pending analysis with that many files."""
        self.minted += 1
        return Analysis(
            id=analysis_id,
            created_at=self.new_moment(),
            job_id=job_id,
            files=tuple(self.new_file() for _ in range(files)),
            workflow=self.random.choice(WORKFLOWS),
            sample=Named(id=self.new_id(), name=f"Test {self.minted} café"),
            index_id=self.new_id(),
            index_version=self.minted % 4,
            user_id=self.random.choice(USERS),
            subtractions=tuple(self.new_subtraction() for _ in range(self.minted % 3)),
        )

    def new_moment(self) -> datetime:
        """Some moment in the years after 2017, to the microsecond."""
        return EPOCH + timedelta(microseconds=self.random.randrange(10**14))

    def new_subtraction(self) -> Named:
        """Return one of a few host genomes, under an id of its own."""
        return Named(id=self.new_id(), name=self.random.choice(SUBTRACTIONS))

    def new_file(self) -> File:
        """Return a file with an id of its own."""
        kind = self.random.choice(FORMATS)
        return File(
            id=self.random.randrange(1, 10**6),
            name=f"results.{kind}",
            format=kind,
            size=self.random.randrange(1, 10**8),
            description=self.random.choice(DESCRIPTIONS),
            uploaded_at=self.new_moment(),
        )
