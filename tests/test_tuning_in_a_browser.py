"""An admin who has never seen the code: the dearest doubts, a phrase, a threshold, a backtest, a version, and back."""

from tests.tuning import asked_gateway, browser_page, tell


def test_an_admin_tunes_by_evidence_and_takes_it_back(tmp_path):
    complaints, pictures = [], []

    with asked_gateway(tmp_path) as gateway, browser_page(viewport={"width": 1280, "height": 900}) as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        tell(page, gateway, pictures.append)

    assert complaints == []
    assert len(pictures) == 8
