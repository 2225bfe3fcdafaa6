# SPDX-License-Identifier: Apache-2.0
"""Bone samples, reference samples and what is taken from them: known by their codes alone."""
