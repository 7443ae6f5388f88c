"""What the apps below never see: sources are asked, their answers kept, and a package made of them.

Everything here may run twice, at the same time too: rows are unique, states change by compare-and-swap, and what a
worker did beside another one is dropped.
"""

from exports.services.building import package_build
from exports.services.by_hand import (
    collection_admit,
    collection_by_hand,
    collection_of_task,
    collection_retry,
    may_answer_by_hand,
)
from exports.services.collecting import collection_run
from exports.services.planning import collection_plan
from exports.services.sweeping import work_left

__all__ = [
    "collection_admit",
    "collection_by_hand",
    "collection_of_task",
    "collection_plan",
    "collection_retry",
    "collection_run",
    "may_answer_by_hand",
    "package_build",
    "work_left",
]
