# SPDX-License-Identifier: Apache-2.0
"""Genotype tables of GeneMapper and its kin, read by their headers, whatever the dialect."""

from instruments.analyzers.genotype_tables.alleles import normal_allele
from instruments.analyzers.genotype_tables.reading import read_genotypes
from instruments.analyzers.genotype_tables.values import (
    AlleleCall,
    AlleleKind,
    GenotypeRow,
    GenotypeTable,
)

__all__ = [
    "AlleleCall",
    "AlleleKind",
    "GenotypeRow",
    "GenotypeTable",
    "normal_allele",
    "read_genotypes",
]
