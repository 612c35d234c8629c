"""What the server remembers: jobs and analyses, in memory, in order of creation."""

from virtool_contract.reference.values import Analysis, Job


class Store:
    """Two tables. Each method is atomic: nothing here awaits."""

    def __init__(self) -> None:
        """Start empty."""
        self.analyses: dict[str, Analysis] = {}
        self.jobs: dict[str, Job] = {}

    def put(self, analysis: Analysis) -> None:
        """Add an analysis, or replace the one with its id."""
        self.analyses[analysis.id] = analysis

    def erase(self, analysis_id: str) -> None:
        """Forget an analysis; one that is not there already is fine."""
        self.analyses.pop(analysis_id, None)

    def hire(self, job: Job) -> None:
        """Add a job."""
        self.jobs[job.id] = job

    def dismiss(self, job_id: str) -> None:
        """Forget a job; one that is not there already is fine."""
        self.jobs.pop(job_id, None)

    def dismiss_runners_of(self, analysis_id: str) -> None:
        """Forget each job that runs, or ran, this analysis."""
        for job in [job for job in self.jobs.values() if job.analysis_id == analysis_id]:
            self.dismiss(job.id)
