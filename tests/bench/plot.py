# plot.py - the bench's plots: SVG that reads well on light and dark pages
# SPDX-License-Identifier: MIT
"""Two kinds: bars of ratios on a logarithmic axis, and panels of lines over a growing quantity."""

import math
from html import escape

# Classes and no variables: viewers that know little CSS then still show the light colours.
LIGHT = {"ink": "#1f2328", "faint": "#d5d9de", "page": "#ffffff",
         "a": "#0b6e99", "b": "#b35900", "c": "#6f42c1", "d": "#1a7f37"}
DARK = {"ink": "#e6edf3", "faint": "#3a414a", "page": "#0d1117",
        "a": "#58b7e0", "b": "#f0a04b", "c": "#b392f0", "d": "#56d364"}


def rules(colours):
    drawn = "".join(f".fill-{name} {{ fill: {colours[name]}; }} "
                    f".line-{name} {{ stroke: {colours[name]}; fill: none; stroke-width: 2; }} "
                    for name in "abcd")
    return (f"text {{ fill: {colours['ink']}; }} .page {{ fill: {colours['page']}; }} "
            f".grid {{ stroke: {colours['faint']}; }} .one {{ stroke: {colours['ink']}; }} {drawn}")


STYLE = (
    "<style>text { font: 13px system-ui, sans-serif; } "
    "text.title { font-size: 16px; font-weight: 600; } text.small { font-size: 11px; } "
    f"{rules(LIGHT)} @media (prefers-color-scheme: dark) {{ {rules(DARK)} }}</style>")
COLOURS = "abcd"


def short(number):
    """A number as people write it: 1,500 or 2.5 or 0.031."""
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    if abs(number) >= 10:
        return f"{number:.1f}".rstrip("0").rstrip(".")
    return f"{number:.2g}"


class Canvas:
    def __init__(self, width, height, title):
        self.width, self.height, self.title = width, height, title
        self.parts = []

    def text(self, x, y, words, anchor="start", kind=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
                          f'class="{kind}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, kind="grid"):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'class="{kind}"/>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" '
                          f'height="{height:.1f}" rx="2" class="fill-{colour}"/>')

    def curve(self, points, colour):
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{steps}" class="line-{colour}"/>')
        if len(points) > 40:
            return
        self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="fill-{colour}"/>'
                       for x, y in points]

    def write(self, path):
        with open(path, "w") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                       f'height="{self.height}" viewBox="0 0 {self.width} {self.height}" '
                       f'role="img" aria-label="{escape(self.title, quote=True)}">{STYLE}'
                       f'<rect class="page" width="{self.width}" height="{self.height}"/>\n')
            file.write("\n".join(self.parts))
            file.write("\n</svg>\n")


def label_width(rows):
    """Room for the longest label: 7.2 a letter is more than any sans serif of 13 takes."""
    return 26 + math.ceil(7.2 * max(len(label) for label, _ in rows))


def ratio_bars(path, title, caption, names, rows):
    """rows: (label, {name: ratio or None}); a bar to the right of 1 says how often more."""
    ratios = [r for _, by_name in rows for r in by_name.values() if r]
    top = math.ceil(math.log10(max(ratios + [10])))
    bottom = math.floor(math.log10(min(ratios + [1])))
    left, right, bar, gap = label_width(rows), 70, 14, 12
    width = 610 + left
    height = 90 + len(rows) * (bar * len(names) + gap) + 30
    canvas = Canvas(width, height, title)
    canvas.text(16, 26, title, kind="title")

    def place(ratio):
        return left + (math.log10(ratio) - bottom) / (top - bottom) * (width - left - right)

    draw_legend(canvas, names, left, 50)
    for power in range(bottom, top + 1):
        canvas.line(place(10 ** power), 64, place(10 ** power), height - 44,
                    "one" if power == 0 else "grid")
        canvas.text(place(10 ** power), height - 28, short(10 ** power) + " x", "middle", "small")
    y = 72
    for label, by_name in rows:
        canvas.text(left - 10, y + bar * len(names) / 2 + 4, label, "end")
        for index, name in enumerate(names):
            ratio = by_name.get(name)
            if ratio:
                start, end = sorted((place(1), place(ratio)))
                canvas.bar(start, y, end - start, bar - 2, COLOURS[index])
                canvas.text(max(end, place(1)) + 5, y + bar - 4, short(ratio), kind="small")
            y += bar
        y += gap
    canvas.text(16, height - 8, caption, kind="small")
    canvas.write(path)


def draw_legend(canvas, names, x, y):
    for index, name in enumerate(names):
        canvas.bar(x, y - 10, 12, 12, COLOURS[index])
        canvas.text(x + 18, y, name)
        x += 40 + 8 * len(name)


def line_panels(path, title, panels):
    """panels: (title, x label, is logarithmic, {name: [(x, y)]}), all from y = 0."""
    panels = [p for p in panels if any(p[3].values())]
    width, panel_height = 860, 230
    canvas = Canvas(width, 40 + panel_height * len(panels), title)
    canvas.text(16, 26, title, kind="title")
    for index, panel in enumerate(panels):
        draw_panel(canvas, 50 + index * panel_height, panel_height - 40, panel)
    canvas.write(path)


def nice_top(value):
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def draw_panel(canvas, top, height, panel):
    title, x_label, is_logarithmic, series = panel
    left, right = 80, canvas.width - 40
    bottom = top + height - 34
    xs = sorted({x for points in series.values() for x, _ in points})
    y_top = nice_top(max(y for points in series.values() for _, y in points) or 1)
    scale = (lambda x: math.log10(max(x, 1))) if is_logarithmic else float
    low, high = scale(xs[0]), scale(xs[-1])

    def place(x, y):
        share = (scale(x) - low) / (high - low) if high > low else 0.5
        return left + share * (right - left), bottom - y / y_top * (bottom - top - 24)

    canvas.text(left, top + 6, title)
    for step in range(5):
        y = y_top * step / 4
        canvas.line(left, place(xs[0], y)[1], right, place(xs[0], y)[1])
        canvas.text(left - 8, place(xs[0], y)[1] + 4, short(y), "end", "small")
    marks = xs if len(xs) <= 8 else [xs[len(xs) * i // 6] for i in range(6)] + [xs[-1]]
    for x in marks:
        canvas.text(place(x, 0)[0], bottom + 16, short(x), "middle", "small")
    canvas.text(right, bottom + 30, x_label, "end", "small")
    for index, (name, points) in enumerate(series.items()):
        canvas.curve([place(x, y) for x, y in points], COLOURS[index % len(COLOURS)])
    if len(series) > 1:
        draw_legend(canvas, list(series), left + 380, top + 6)
