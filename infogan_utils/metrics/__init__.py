"""Did it work? Measures of the category, of variety, and of what each code means. Notebooks 06 to 09 use them."""

# ruff: noqa: F401, I001
from infogan_utils.metrics.accuracy import Match, accuracy, answer_information, best_match
from infogan_utils.metrics.accuracy import held_out_information
from infogan_utils.metrics.factors import dci, factor_vae_score, mig, model_centrality, sap
from infogan_utils.metrics.judge import diversity, features, train_judge, verdicts
from infogan_utils.metrics.properties import explained, picture_properties, property_table, variance_shares
from infogan_utils.metrics.variety import density_coverage, frechet_distance, precision_recall
