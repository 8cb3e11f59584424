"""How planning grows with the number of ranges, as a picture: docs/scaling.svg."""
import math

from daxbench.figures import seconds

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 170, 40, 60
STYLE = """.dp{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.dp .g{fill:#fff}.dp text{fill:#1f2328}.dp .axis{stroke:#8b949e;stroke-width:1}.dp .grid{stroke:#d8dee4;stroke-width:1}
.dp polyline{fill:none;stroke-width:2}.dp polyline.plan{stroke:#0072b2}.dp polyline.sort{stroke:#d55e00;stroke-dasharray:6 3}
.dp .linear{stroke:#8b949e;stroke-dasharray:2 4;fill:none}.dp circle.plan{fill:#0072b2}.dp rect.sort{fill:#d55e00}
@media screen and (prefers-color-scheme:dark){.dp .g{fill:#0d1117}.dp text{fill:#e6edf3}.dp .axis{stroke:#6e7681}
.dp .grid{stroke:#30363d}.dp polyline.plan{stroke:#58a6ff}.dp circle.plan{fill:#58a6ff}.dp polyline.sort{stroke:#ff9e5e}
.dp rect.sort{fill:#ff9e5e}}"""
POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def picture(times):
    """The picture of {ranges: (seconds of the plan, seconds of sorting)}, both axes logarithmic."""
    everything = [value for pair in times.values() for value in pair]
    low, high = math.floor(math.log10(min(everything))), math.ceil(math.log10(max(everything)))
    first, last = math.log10(min(times)), math.log10(max(times))

    def x(size):
        return LEFT + (math.log10(size) - first) / max(last - first, 1) * (WIDTH - LEFT - RIGHT)

    def y(value):
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" class="dp" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}">',
             "<title>Time of a plan by the number of Soft Reserved ranges</title>",
             "<desc>" + "; ".join(f"{size:,} ranges: plan {seconds(plan)}, sorting {seconds(sort)}"
                                  for size, (plan, sort) in times.items()) + "</desc>",
             f"<style>{STYLE}</style>", f'<rect class="g" width="{WIDTH}" height="{HEIGHT}"/>',
             f'<text x="{LEFT}" y="22">Time of a plan by the number of Soft Reserved ranges</text>']
    for power in range(low, high + 1):
        at = y(10 ** power)
        lines += [f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>',
                  f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">10{str(power).translate(POWERS)} s</text>']
    for size in times:
        lines += [f'<path class="grid" d="M{x(size):.1f} {TOP}V{HEIGHT - BOTTOM}"/>',
                  f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>']
    lines.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none"/>')
    # What grows as the number of ranges does, from the first plan on.
    smallest = min(times)
    end = max(size for size in times if times[smallest][0] * size / smallest <= 10 ** high)
    lines.append(f'<path class="linear" d="M{x(smallest):.1f} {y(times[smallest][0]):.1f}'
                 f'L{x(end):.1f} {y(times[smallest][0] * end / smallest):.1f}"/>')
    for column, name in enumerate(("plan", "sort")):
        points = [(x(size), y(pair[column])) for size, pair in times.items()]
        drawn = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        lines.append(f'<polyline class="{name}" points="{drawn}"/>')
        for across, down in points:
            lines.append(f'<circle class="plan" cx="{across:.1f}" cy="{down:.1f}" r="4"/>' if name == "plan" else
                         f'<rect class="sort" x="{across - 4:.1f}" y="{down - 4:.1f}" width="8" height="8"/>')
        across, down = points[-1]
        lines.append(f'<text x="{across + 10:.1f}" y="{down + 4:.1f}">'
                     f'{"plan hmem" if name == "plan" else "sorting them"}</text>')
    lines += [f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
              "ranges (dotted: linear growth)</text>", "</svg>"]
    return "\n".join(lines) + "\n"
