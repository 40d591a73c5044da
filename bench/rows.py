# SPDX-License-Identifier: Apache-2.0
"""A row of the bench's table, and the table."""
import pathlib
import statistics

HERE = pathlib.Path(__file__).resolve().parent


class RowFailed(Exception):
    """One side cannot do it; the rest of the bench goes on."""


class Row:
    def __init__(self, key, title, unit, lower_is_better=True, scale=1.0):
        self.key, self.title, self.unit = key, title, unit
        self.lower, self.scale = lower_is_better, scale
        self.samples = {}
        self.cpu = {}  # server CPU of each command, µs

    def add(self, side, *values):
        self.samples.setdefault(side, []).extend(
            value * self.scale for value in values)

    def add_cpu(self, side, step):
        self.cpu.setdefault(side, []).extend(step['server_us'])

    def cpu_ratio(self):
        if len(self.cpu) < 2:
            return None
        a, b = (statistics.median(self.cpu[name])
                for name in ('dovecot', 'roost'))
        return a / b if b > 0 else None


def number(value):
    if value >= 1000:
        return f'{value:,.0f}'
    if value >= 100:
        return f'{value:.0f}'
    if value >= 10:
        return f'{value:.1f}'
    return f'{value:.2f}'


def spread(samples):
    if not samples:
        return '-'
    text = number(statistics.median(samples))
    if len(samples) > 1:
        text += f' ({number(min(samples))}-{number(max(samples))})'
    return text


def read_bars():
    bars = {}
    for line in (HERE / 'bars').read_text().splitlines():
        key, _, bar = line.partition('#')[0].strip().partition(' ')
        if key:
            bars[key] = bar.strip()
    return bars


def judge(row, bar, ratio, roost):
    if bar in ('', '-') or roost is None:
        return ''
    if bar.startswith('<='):
        return 'met' if roost <= float(bar[2:]) else 'missed'
    if ratio is None:
        return ''
    return 'met' if ratio >= float(bar) else 'missed'


def table(rows):
    bars = read_bars()
    lines = [('', 'unit', 'Dovecot', 'Roost', 'ratio', 'by CPU', 'bar', '')]
    for row in rows:
        dovecot = row.samples.get('dovecot', [])
        roost = row.samples.get('roost', [])
        middle = statistics.median(roost) if roost else None
        ratio = None
        if dovecot and roost:
            a, b = statistics.median(dovecot), middle
            top, bottom = (a, b) if row.lower else (b, a)
            ratio = top / bottom if bottom > 0 else None
        bar = bars.get(row.key, '')
        by_cpu = row.cpu_ratio()
        lines.append((row.title, row.unit, spread(dovecot), spread(roost),
                      '-' if ratio is None else f'{ratio:.2f}',
                      '' if by_cpu is None else f'{by_cpu:.2f}', bar,
                      judge(row, bar, ratio, middle)))
    widths = [max(len(line[i]) for line in lines) for i in range(8)]
    for line in lines:
        cells = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
        cells += [line[i].rjust(widths[i]) for i in range(2, 7)]
        yield '  '.join(cells + [line[7]]).rstrip()
