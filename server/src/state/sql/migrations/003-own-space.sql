-- The space at the very path of a claim, if there is one and room is held in it: it is charged for what is in the
-- resource and not for the resource. What an older version claimed holds the same in all of its spaces.
ALTER TABLE claim ADD COLUMN own_space_id INTEGER;
