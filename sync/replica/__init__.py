"""The replica every node is: a log of operations and the record tables it folds into, on any SQLAlchemy engine."""
