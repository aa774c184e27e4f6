"""Results as rows of words, for the terminal and the report."""

MEASURES = (("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro F1"),
            ("macro_precision", "macro precision"), ("macro_recall", "macro recall"), ("roc_auc", "ROC AUC"),
            ("log_loss", "log loss"))
MULTILABEL = (("mean_average_precision", "mean average precision"), ("roc_auc", "ROC AUC, all labels"), ("d_prime", "d-prime"),
              ("micro_f1", "micro F1 at the thresholds"), ("macro_f1", "macro F1 at the thresholds"))

LABEL_COLUMNS = ("label", "clips#", "recall %#", "precision %#", "F1 %#", "ROC AUC#")
HEARD_COLUMNS = ("label", "clips#", "average precision %#", "ROC AUC#", "d-prime#", "threshold#", "recall %#", "precision %#",
                 "F1 %#")
DISTURBED_COLUMNS = ("disturbance", "level#", "accuracy#", "95 %#")
MISTAKE_COLUMNS = ("clip", "label", "answer", "confidence#")


def title(results):
    """What was evaluated on what."""
    return f"{results['model']} on {results['split']} of {results['data']}: {counted(results)}"


def counted(results):
    """How many clips were scored, or frames of recordings, in words."""
    if "frames" in results:
        return f"{results['clips']} frames of {results['recordings']} recordings"
    return f"{results['clips']} clips"


def measure_columns(results):
    """The headings over `measures`; where all answers are right, or all wrong, nothing varies between groups."""
    over = f" over {results['interval']['units']} {results['interval']['over']}" * (0 < results["accuracy"] < 1)
    return "measure", "value#", f"95 %{over}#"


def measures(results):
    """Rows of each number about the whole: what, value, interval."""
    rows = []
    if "multilabel" in results:
        rows += [(words, number(results["multilabel"][name]), bounds(results["multilabel"][f"{name}_interval"]))
                 for name, words in MULTILABEL]
    rows += [(words, number(results[name]), bounds(results[f"{name}_interval"])) for name, words in MEASURES]
    found = results["calibration"]
    rows.append(("calibration error", number(found["ece"]), bounds(found["ece_interval"])))
    if "temperature" in found:
        rows.append((f"  at temperature {found['temperature']:.2f}", number(found["ece_at_temperature"]),
                     bounds(found["ece_at_temperature_interval"])))
    return rows


def label_table(results):
    """Title, columns and rows of the table of labels: of one label a clip, or of independent ones."""
    if "multilabel" in results:
        return "Each label, the worst average precision first", HEARD_COLUMNS, heard(results)
    columns = ("label", "frames#", *LABEL_COLUMNS[2:]) if "frames" in results else LABEL_COLUMNS
    return "Each label with 95 % intervals, the worst F1 first", columns, labels(results)


def heard(results):
    """Rows of each independent label, those without clips last."""
    rows = sorted(results["multilabel"]["per_label"].items(),
                  key=lambda item: 2 if item[1]["average_precision"] is None else item[1]["average_precision"])
    return [(label, row["support"], percent(row["average_precision"], row["average_precision_interval"]),
             number(row["roc_auc"]), number(row["d_prime"]), number(row["threshold"]),
             *(percent(row[name], None) for name in ("recall", "precision", "f1"))) for label, row in rows]


def labels(results):
    """Rows of each label with 95 % intervals in brackets, the worst F1 first, those without clips last."""
    rows = sorted(results["per_label"].items(), key=lambda item: 2 if item[1]["f1"] is None else item[1]["f1"])
    return [(label, row["support"],
             *(percent(row[name], row[f"{name}_interval"]) for name in ("recall", "precision", "f1")),
             number(row["roc_auc"])) for label, row in rows]


def disturbed(results):
    """Rows of each disturbance."""
    return [(f"{row['kind']}, {row['unit']}", f"{row['level']:g}", number(row["accuracy"]),
             bounds(row["accuracy_interval"])) for row in results.get("robustness", ())]


def mistakes(results):
    """Rows of the worst mistakes."""
    return [(row["clip"], row["label"], row["answer"], number(row["confidence"])) for row in results["mistakes"]]


def number(value):
    """A number in a table."""
    return "-" if value is None else f"{value:.3f}"


def percent(value, pair):
    """A share in percent with its interval, as narrow as 80 columns want it."""
    if value is None:
        return "-"
    return f"{100 * value:.1f}" + (f" ({100 * pair[0]:.0f}-{100 * pair[1]:.0f})" if pair else "")


def bounds(pair):
    """An interval in a table."""
    return "-" if pair is None else f"{pair[0]:.3f} - {pair[1]:.3f}"


STREAM_COLUMNS = ("wanted per hour#", "false accepts per hour#", "95 % interval#", "words missed#", "95 % interval#", "")


def stream(results):
    """Rows of a long recording, one for each wanted rate of false accepts."""
    return [(f"{point['wanted']:g}", f"{point['false_accepts_per_hour']:.2f}",
             "{:.2f} - {:.2f}".format(*point["false_accepts_per_hour_interval"]),
             f"{point['false_reject_rate']:.1%}", "{:.1%} - {:.1%}".format(*point["false_reject_rate_interval"]),
             "wanted" if point["wanted"] == results["wanted_per_hour"] else "") for point in results["curve"]]


WORD_COLUMNS = ("label", "threshold#", "words#", "missed#", "false accepts#")


def stream_words(results):
    """Rows of a long recording, one for each label, under the rules for the wanted rate."""
    return [(label, "never told" if row["threshold"] > 1 else f"{row['threshold']:g}", row["words"],
             f"{row['missed'] / row['words']:.0%}" if row["words"] else "-", row["false_accepts"])
            for label, row in results["per_label"].items()]
