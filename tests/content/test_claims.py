"""More of `claims_have_evidence`: claims without a key of their own, and claims that evidence leaves claims."""

from __future__ import annotations

import pytest

from tests.content.refusal import told

SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
MOON = "conditions/moon-hiccups.json"


def test_claims_have_evidence_but_a_providers_claim_needs_its_owner_all_the_same():
    [found] = told({SOCKS: {"/onset/attributedTo": None, "/citations/1/supports/-": "onset"}})
    assert (found.rule, found.pointer) == ("claims_have_evidence", "/onset")
    assert found.found == "`onset` is a claim of the provider and does not say whose"


@pytest.mark.parametrize("field", ["name", "summary"])
def test_claims_have_evidence_also_in_the_name_and_summary_of_a_treatment(field):
    words = {f"/text/en/{field}": "It relieves hiccups."}
    [found] = told({TEA: words})
    assert (found.rule, found.pointer) == ("claims_have_evidence", f"/text/en/{field}")
    assert found.found == f"The {field} tells of an effect, and nothing here has evidence"
    assert told({SOCKS: words}) == told({MOON: words}) == []
