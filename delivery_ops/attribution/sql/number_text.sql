-- A float as text. A whole number is the same text as an integer would be, and no number is null: pandas writes integers
-- with a gap among them as floats, and ids of such a column must meet those of a column without gaps.
CREATE MACRO number_text(number) AS CASE
    WHEN isnan(number) THEN NULL
    WHEN number = trunc(number) THEN coalesce(CAST(try_cast(number AS HUGEINT) AS VARCHAR), CAST(number AS VARCHAR))
    ELSE CAST(number AS VARCHAR)
END
