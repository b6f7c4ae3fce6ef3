"""Made houses: the columns of the house prices, filled by chance, with gaps; the price follows from some of them."""

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.tables.frame import Column, Frame, Words

NUMBERS = (
    "LotFrontage", "LotArea", "OverallQual", "OverallCond", "YearBuilt", "YearRemodAdd", "MasVnrArea", "BsmtFinSF1",
    "BsmtFinSF2", "BsmtUnfSF", "TotalBsmtSF", "1stFlrSF", "2ndFlrSF", "LowQualFinSF", "GrLivArea", "BsmtFullBath",
    "BsmtHalfBath", "FullBath", "HalfBath", "BedroomAbvGr", "KitchenAbvGr", "TotRmsAbvGrd", "Fireplaces", "GarageYrBlt",
    "GarageCars", "GarageArea", "WoodDeckSF", "OpenPorchSF", "EnclosedPorch", "3SsnPorch", "ScreenPorch", "PoolArea",
    "MiscVal", "MoSold", "YrSold",
)  # fmt: skip
WORDS = (
    "MSSubClass", "MSZoning", "Street", "Alley", "LotShape", "LandContour", "Utilities", "LotConfig", "LandSlope",
    "Neighborhood", "Condition1", "Condition2", "BldgType", "HouseStyle", "RoofStyle", "RoofMatl", "Exterior1st",
    "Exterior2nd", "MasVnrType", "ExterQual", "ExterCond", "Foundation", "BsmtQual", "BsmtCond", "BsmtExposure",
    "BsmtFinType1", "BsmtFinType2", "Heating", "HeatingQC", "CentralAir", "Electrical", "KitchenQual", "Functional",
    "FireplaceQu", "GarageType", "GarageFinish", "GarageQual", "GarageCond", "PavedDrive", "PoolQC", "Fence",
    "MiscFeature", "SaleType", "SaleCondition",
)  # fmt: skip
GAPS = {"LotFrontage": 0.18, "MasVnrArea": 0.01, "GarageYrBlt": 0.05, "Alley": 0.94, "PoolQC": 0.99, "Fence": 0.8}
"""Column to the share of it that is missing, about as in Ames."""
LEVELS = ("made a", "made b", "made c", "made d")


def made_houses(count: int, seed: int) -> Frame:
    """So many houses with all columns, the price among them. Every word in them says that it is made."""
    rng = np.random.default_rng([seed, 79])
    columns: dict[str, Column] = {"Id": np.arange(1, count + 1, dtype=np.float64)}
    for name in NUMBERS:
        columns[name] = np.round(rng.lognormal(0, 0.5, count) * 100)
    area, quality = np.round(rng.lognormal(7.2, 0.33, count)), rng.integers(1, 11, count).astype(np.float64)
    columns |= {"GrLivArea": area, "OverallQual": quality}
    place = rng.integers(len(LEVELS), size=count)
    price = 9.0 + 0.1 * quality + 0.35 * np.log(area) + 0.05 * place + rng.normal(0, 0.12, count)
    for name in WORDS:
        columns[name] = Words(LEVELS, place if name == "Neighborhood" else rng.integers(len(LEVELS), size=count))
    for name, share in GAPS.items():
        columns[name] = _with_gaps(columns[name], rng.random(count) < share)
    return Frame({**columns, "SalePrice": np.exp(price).round()})


def _with_gaps(column: Column, gap: NDArray[np.bool_]) -> Column:
    if isinstance(column, Words):
        return Words(column.levels, np.where(gap, -1, column.codes))
    return np.where(gap, np.nan, column)
