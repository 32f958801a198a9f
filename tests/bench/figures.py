"""Medians with their spread, and plots of them."""

import importlib.util
import statistics

COLOURS = {"echo": "#9aa0a6", "kamailio": "#d9822b", "tipring": "#2b6cb0"}


def spread(values):
    """Median, least and greatest; nothing without values."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def text_of(figure, digits=1):
    if figure is None:
        return "-"
    return f"{figure['median']:.{digits}f} ({figure['min']:.{digits}f}-{figure['max']:.{digits}f})"


def print_table(heads, rows):
    """Columns as wide as they must be; the first one to the left."""
    cells = [list(heads), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    for row in cells:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())


def can_plot():
    return importlib.util.find_spec("matplotlib") is not None


def figure(width, height):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "tipring", "svg.fonttype": "none", "font.size": 9,
                                "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot
    return pyplot.subplots(figsize=(width, height))


def save(drawing, path):
    """Without the time of day, so that the same figures give the same file."""
    drawing.tight_layout()
    drawing.savefig(path, format="svg", metadata={"Date": None})


def plot_bars(path, title, unit, groups):
    """`groups`: (label, {server: spread}) each. Bars are medians, whiskers the least and the greatest."""
    servers = [name for name in COLOURS if any(name in bars for _, bars in groups)]
    drawing, axes = figure(8, 0.5 + 0.28 * sum(len(bars) for _, bars in groups) + 0.3 * len(groups))
    position, ticks = 0.0, []
    for label, bars in groups:
        present = [name for name in servers if bars.get(name)]
        ticks.append((position + (len(present) - 1) / 2, label))
        for name in present:
            bar = bars[name]
            whisker = [[bar["median"] - bar["min"]], [bar["max"] - bar["median"]]]
            axes.barh(position, bar["median"], 0.85, xerr=whisker, color=COLOURS[name], ecolor="#444444",
                      error_kw={"linewidth": 0.8}, label=name)
            axes.annotate(f" {bar['median']:.1f}", (bar["max"], position), va="center", fontsize=8)
            position += 1
        position += 0.8
    axes.set_yticks([tick for tick, _ in ticks], [label for _, label in ticks])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(title, loc="left", fontsize=10)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    axes.legend(unique.values(), unique.keys(), frameon=False, loc="upper right")
    save(drawing, path)


def plot_points(path, title, unit, groups, series):
    """`groups`: labels along the axis, those of a group joined; `series`: (name, [[spread]]) each, by group and label."""
    drawing, axes = figure(8, 3.6)
    for number, (name, of_groups) in enumerate(series):
        place = 0
        for values in of_groups:
            medians = [value["median"] for value in values]
            whiskers = [[value["median"] - value["min"] for value in values],
                        [value["max"] - value["median"] for value in values]]
            axes.errorbar(range(place, place + len(values)), medians, yerr=whiskers, marker="o", markersize=4,
                          linewidth=1.2, capsize=3, color=f"C{number}", label=name if place == 0 else None)
            place += len(values)
    labels = [label for group in groups for label in group]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_ylim(bottom=0, top=1.15 * axes.get_ylim()[1])
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left", fontsize=10)
    axes.legend(frameon=False, ncol=len(series), loc="upper left")
    save(drawing, path)


def grouped(number):
    """100 000, with spaces that do not break."""
    return f"{number:,}".replace(",", "\u00a0")
