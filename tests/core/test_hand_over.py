"""Pages that change hands become parts with numbers of their own, the same at every try."""

from dataclasses import replace

from core.hand_over import further_jobs
from core.parts import Sizes, cut
from tests.core.test_jobs import JOB

SIZES: Sizes = {"text": 50, "visual": 8}


def test_scattered_pages_of_a_part() -> None:
    job = replace(JOB, part=1, parts=3, first_page=51, last_page=100)
    pages = [52, 60, 61, 62, 70, 71, 72, 73, 90, 99]
    first, second = further_jobs(job, pages, "visual", SIZES, kept=40)
    assert (first.page_numbers, second.page_numbers) == (tuple(pages[:5]), tuple(pages[5:]))
    assert (first.route, first.part, second.part, first.parts) == ("visual", 3 + 7, 3 + 8, 3)
    assert (first.parent, first.status_part, first.pages_before, second.pages_before) == (1, 1, 40, 45)
    assert set(first.letters().values()) == {"v", "-"}
    assert further_jobs(job, [], "visual", SIZES, kept=50) == []


def test_numbers_of_further_parts_never_meet() -> None:
    runs = cut(473, [], "text", SIZES)  # parts of 47 and of 48 pages
    numbers = list(range(len(runs)))
    for part, run in enumerate(runs):
        job = replace(JOB, part=part, parts=len(runs), first_page=run.first_page, last_page=run.last_page)
        numbers += [other.part for other in further_jobs(job, job.page_numbers, "visual", SIZES, kept=0)]
    assert len(set(numbers)) == len(numbers)


def test_the_slides_of_a_presentation() -> None:
    whole = replace(JOB, part=0, parts=1, first_page=1, last_page=8, total_pages=20, route="visual")
    jobs = further_jobs(whole, range(9, 21), "visual", SIZES, kept=8)
    assert [job.part for job in jobs] == [1, 2]
    assert [job.page_numbers for job in jobs] == [tuple(range(9, 15)), tuple(range(15, 21))]
