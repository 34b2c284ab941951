"""The course's settings, read by nbgrader and by manage.py alike. Run both in this folder."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "grader"))
# nbgrader starts `alembic` from the PATH: find it without an activated environment too.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")

from collect import Collector, Extractor
from execute import FillNumbers, GradeCells, RestoreCells
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    DeduplicateIds,
    OverwriteCells,
    SaveAutoGrades,
)

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.course_id = "infogan"
# A writer waits for another one instead of giving up: several submissions are graded at once.
c.CourseDirectory.db_url = "sqlite:///" + os.path.abspath("gradebook.db") + "?timeout=60"

c.GradeCells.cell_limit = 20  # seconds for one cell of the student's
c.GradeCells.test_limit = 10  # seconds for one test; they take a tenth of one, more where the machine is busy
c.GradeCells.notebook_limit = 120  # seconds for one submission, all cells together
c.GradeCells.memory_limit = 2048  # megabytes for one submission, beyond what the libraries take

c.ZipCollectApp.extractor_plugin = Extractor  # a broken zip of one student's costs nobody else
c.ZipCollectApp.collector_plugin = Collector  # reads the names that Moodle and Canvas give

# True: each student of students.txt (a name a line, as in submitted/) gets other numbers; see INSTRUCTORS.md
c.GradeCells.variants = False

c.GenerateAssignment.preprocessors = [FillNumbers, *GenerateAssignment.preprocessors.default()]
c.Autograde.sanitize_preprocessors = [RestoreCells, DeduplicateIds, OverwriteCells, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    GradeCells,
    ClearMetadataPreprocessor,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
