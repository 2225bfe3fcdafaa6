# SPDX-License-Identifier: Apache-2.0
"""Genotyping: analyzer runs, findings, two independent readings, profiles."""
