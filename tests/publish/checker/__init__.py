"""The history checker: seeded pushes, faults and kills, with readers on all the time.

    python -m tests.publish.checker --seed 7 --seconds 60             a server that follows a bare repository
    python -m tests.publish.checker --seed 7 --seconds 60 --mirror    one that mirrors a remote, with a signed hook
    python -m tests.publish.checker --seconds 3600                    seed after seed for an hour

`tests/publish/test_checker.py` runs four short scripts, in which there is every step, and with `CHECKER_SECONDS=3600`
others for an hour. What fails prints its seed, its steps, the answer that is wrong, and how to repeat it. The steps are
the same each time; what falls into which moment of them is up to the machine. docs/reference/faults.md says what is
asserted each time, and what a longer run by hand found.

A real `content-api serve` follows a repository to which a script of steps is done (`steps.py`); a seed makes the
script. Readers (`readers.py`) and listeners (`listeners.py`) hold every answer to what was pushed (`ledger.py`):

- every answer has status 200, and a `Content-Version` that is good; 503 is only for a version that is not there yet
- all parts of an answer are of that version: every text has the version's number in it (`content.py`)
- versions never go back unless the branch did; nor does what listeners hear, who hear the newest in the end
- after the last good push it is live within five seconds (times the patience that is given, none by hand); after a bad
  one that is told, and the newest good one is live
- memory, open files and processes stay bounded; nothing is left behind, and the log has no defect of ours
"""
