"""All tables of the three packages, gathered: what the migrations have to build."""

from sqlmodel import SQLModel

import approvals.tables
import bot.tables
import trading.tables

TABLE_MODULES = (approvals.tables, trading.tables, bot.tables)

metadata = SQLModel.metadata
