# SPDX-License-Identifier: Apache-2.0
"""Prepare channels for reading: background away, colours apart, noise known."""

from collections.abc import Mapping

import numpy as np

from instruments.analyzers.signal.values import InjectionSignal, Trace

# About 20 base pairs on the analyzers seen (12 to 23 scans a base pair): longer than any group
# of touching peaks, shorter than the drift of the background.
_BACKGROUND_BLOCK = 300


def prepared(injection: InjectionSignal) -> dict[int, Trace]:
    """Return each dye's channel without background, in RFU, colours separated."""
    levelled = {dye: _level(channel) for dye, channel in injection.channels.items()}
    if injection.is_raw and len(levelled) > 1:
        levelled = {dye: _level(channel) for dye, channel in _separate(levelled).items()}
    return levelled


def smooth(channel: Trace) -> Trace:
    """Average lightly: binomial weights over five scans."""
    padded = np.pad(channel, 2, mode="edge")
    return (padded[:-4] + 4 * padded[1:-3] + 6 * padded[2:-2] + 4 * padded[3:-1] + padded[4:]) / 16


def noise_of(channel: Trace) -> float:
    """Return the deviation of the quiet part of a smoothed channel, in RFU."""
    steps = np.abs(np.diff(channel[::3]))
    return float(np.median(steps)) / 0.954 if len(steps) else 0.0


def _level(channel: Trace) -> Trace:
    """Subtract the background: the lower quartile of each block, joined by straight lines."""
    blocks = max(1, len(channel) // _BACKGROUND_BLOCK)
    length, longer = divmod(len(channel), blocks)
    # As many blocks one scan longer as make the whole: two tables, each of even blocks.
    cut = longer * (length + 1)
    tables = (channel[:cut].reshape(longer, length + 1), channel[cut:].reshape(-1, length))
    lows = np.concatenate([np.quantile(table, 0.2, axis=1) for table in tables if len(table)])
    # A block full of primer or blob is not background: no block rises far above both neighbours.
    padded = np.pad(lows, 1, mode="edge")
    lows = np.minimum(lows, np.maximum(padded[:-2], padded[2:]))
    edges = np.cumsum([0] + [length + 1] * longer + [length] * (blocks - longer))
    centres = (edges[:-1] + edges[1:]) / 2
    level: Trace = channel - np.interp(np.arange(len(channel)), centres, lows)
    return level


def _separate(levelled: Mapping[int, Trace]) -> dict[int, Trace]:
    """Take each colour's bleed out of the other channels.

    The bleed of a dye is read where its own channel is far the tallest: the lower quartile of
    the ratio over its tallest scans, since a second dye's peak can only add to it.
    """
    dyes = sorted(levelled)
    signal = np.vstack([levelled[dye] for dye in dyes])
    mixing = np.eye(len(dyes))
    for column in range(len(dyes)):
        own = signal[column]
        candidates = np.flatnonzero((own >= signal.max(axis=0)) & (own > 200))
        if len(candidates) < 20:
            continue
        tallest = candidates[np.argsort(own[candidates])[-400:]]
        ratios = signal[:, tallest] / own[tallest]
        mixing[:, column] = np.clip(np.quantile(ratios, 0.25, axis=1), 0.0, 0.9)
        mixing[column, column] = 1.0
    if np.linalg.cond(mixing) > 50:
        return dict(levelled)
    separated = np.linalg.inv(mixing) @ signal
    return {dye: separated[row] for row, dye in enumerate(dyes)}
