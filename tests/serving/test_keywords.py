"""The model in the box answers as it did when it was made."""

from pathlib import Path

from kwscls import predict, verify

KEYWORDS = Path(__file__).parents[2] / "export" / "keywords"


def test_it_is_whole_and_small_and_answers_as_it_must(capsys):
    assert sum(path.stat().st_size for path in KEYWORDS.rglob("*") if path.is_file()) <= 2_000_000
    assert verify.main([str(KEYWORDS)]) == 0
    assert "same" in capsys.readouterr().out


def test_it_hears_its_own_clips(capsys):
    clips = sorted((KEYWORDS / "1" / "assets.extra" / "proof").glob("*.wav"))
    assert predict.main([str(KEYWORDS), *map(str, clips), "--json"]) == 0
    heard = capsys.readouterr().out.splitlines()
    right = sum(f'"label": "{clip.stem.split("_", 1)[1]}"' in line for clip, line in zip(clips, heard, strict=True))
    assert len(clips) == 8 and right >= 7
