"""Read, measure and cover the programs that machines run. Pure: knows no engine, no rosette and no store."""
