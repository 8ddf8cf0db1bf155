-- When a workflow that only waits has something to do by itself, in ticks as created_at; 3155378975999999999 (the end of the year
-- 9999) for never. Null: it has something to do now, or may have. Each append sets it, mostly from null to null. It has no index: it
-- is read with an owner's rows, nobody looks for it, and with one no append that changes it could stay on its page (HOT).
ALTER TABLE sheaf_workflow ADD COLUMN wakes_at bigint;

CREATE OR REPLACE VIEW sheaf_header AS
    SELECT w.id AS workflow_id, w.workflow, w.input,
           coalesce((ARRAY['running', 'succeeded', 'failed', 'cancelled'])[w.status + 1], w.status::text) AS status,
           w.owner, w.epoch, w.next_sequence AS entries,
           to_timestamp((w.created_at - 621355968000000000) / 1e7) AS created_at,
           to_timestamp((w.ended_at - 621355968000000000) / 1e7) AS ended_at,
           CASE WHEN w.wakes_at = 3155378975999999999 THEN 'infinity' ELSE to_timestamp((w.wakes_at - 621355968000000000) / 1e7) END AS wakes_at
    FROM sheaf_workflow w;

-- As before, with wakes_at for each commit: of several of one workflow the last accepted one counts.
CREATE FUNCTION sheaf_append(
    ids text[], made_ids text[], made_workflows text[], made_inputs text[], made_at bigint[], made_owners text[],
    places integer[], creates boolean[], epochs bigint[], firsts bigint[], counts integer[], bodies text[], ends smallint[], ends_at bigint[],
    wakes_at bigint[])
RETURNS smallint[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    results   smallint[] := array_fill(1::smallint, ARRAY[cardinality(places)]);
    fresh     boolean[]  := array_fill(false, ARRAY[cardinality(ids)]);
    changed   boolean[]  := fresh;
    numbers   bigint[]   := array_fill(NULL::bigint, ARRAY[cardinality(ids)]);
    owned     bigint[]   := numbers;
    nexts     bigint[]   := numbers;
    ended     bigint[]   := numbers;
    waking    bigint[]   := numbers;
    statuses  smallint[] := array_fill(NULL::smallint, ARRAY[cardinality(ids)]);
    row       record;
    place     integer;
BEGIN
    IF cardinality(made_ids) > 0 THEN
        -- Numbers in the order of the commits, rows in the order of ids. Until the end of this transaction -1 tells them
        -- from those that were there: nobody else sees it.
        WITH numbered AS MATERIALIZED (
            SELECT nextval('sheaf_workflow_number_seq') AS number, m.*
            FROM unnest(made_ids, made_workflows, made_inputs, made_at, made_owners) m (id, workflow, input, at, owner)
        )
        INSERT INTO sheaf_workflow (number, id, workflow, input, created_at, owner, epoch, status, next_sequence)
        SELECT n.number, n.id, n.workflow, n.input, n.at, n.owner, 1, 0, -1 FROM numbered n ORDER BY n.id COLLATE "C"
        ON CONFLICT (id) DO NOTHING;
    END IF;

    FOR row IN
        SELECT u.place, w.number, w.epoch, w.next_sequence, w.status
        FROM unnest(ids) WITH ORDINALITY u (id, place) JOIN sheaf_workflow w ON w.id = u.id COLLATE "C"
        ORDER BY w.id FOR NO KEY UPDATE OF w
    LOOP
        fresh[row.place] := row.next_sequence = -1;
        changed[row.place] := fresh[row.place];
        numbers[row.place] := row.number;
        owned[row.place] := row.epoch;
        nexts[row.place] := greatest(row.next_sequence, 0);
        statuses[row.place] := row.status;
    END LOOP;

    FOR i IN 1 .. cardinality(places) LOOP
        place := places[i];
        IF creates[i] THEN
            IF NOT fresh[place] THEN
                results[i] := 2;
                CONTINUE;
            END IF;
            fresh[place] := false;
        ELSIF fresh[place] THEN
            -- Its creation comes later in the batch.
            CONTINUE;
        END IF;
        IF owned[place] = epochs[i] AND nexts[place] = firsts[i] AND statuses[place] = 0 THEN
            results[i] := 0;
            changed[place] := true;
            nexts[place] := nexts[place] + counts[i];
            waking[place] := wakes_at[i];
            IF ends[i] IS NOT NULL THEN
                statuses[place] := ends[i];
                ended[place] := ends_at[i];
            END IF;
        END IF;
    END LOOP;

    INSERT INTO sheaf_commit (workflow, first_sequence, count, body)
    SELECT numbers[c.place], c.first, c.count, c.body
    FROM unnest(places, firsts, counts, bodies, results) c (place, first, count, body, result)
    WHERE c.result = 0 AND c.count > 0;

    UPDATE sheaf_workflow w
    SET next_sequence = c.next, status = c.status, ended_at = c.ended, owner = CASE WHEN c.status = 0 THEN w.owner END, wakes_at = c.waking
    FROM unnest(numbers, nexts, statuses, ended, waking, changed) c (number, next, status, ended, waking, changed)
    WHERE c.changed AND w.number = c.number;

    RETURN results;
END
$$;

-- For silos of the version before, as long as they run: what they append takes wakes_at back.
CREATE OR REPLACE FUNCTION sheaf_append(
    ids text[], made_ids text[], made_workflows text[], made_inputs text[], made_at bigint[], made_owners text[],
    places integer[], creates boolean[], epochs bigint[], firsts bigint[], counts integer[], bodies text[], ends smallint[], ends_at bigint[])
RETURNS smallint[]
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    SELECT sheaf_append(ids, made_ids, made_workflows, made_inputs, made_at, made_owners, places, creates, epochs, firsts, counts, bodies, ends, ends_at,
        array_fill(NULL::bigint, ARRAY[cardinality(places)]));
$$;

CREATE FUNCTION sheaf_append_one(the_id text, the_epoch bigint, the_first bigint, the_count integer, the_body text, the_end smallint, ends_at bigint, wakes bigint)
RETURNS smallint
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    the_number bigint;
BEGIN
    UPDATE sheaf_workflow
    SET next_sequence = next_sequence + the_count, status = coalesce(the_end, status), ended_at = ends_at,
        owner = CASE WHEN the_end IS NULL THEN owner END, wakes_at = wakes
    WHERE id = the_id AND epoch = the_epoch AND next_sequence = the_first AND status = 0
    RETURNING number INTO the_number;
    IF NOT FOUND THEN RETURN 1; END IF;
    IF the_count > 0 THEN
        INSERT INTO sheaf_commit (workflow, first_sequence, count, body) VALUES (the_number, the_first, the_count, the_body);
    END IF;
    RETURN 0;
END
$$;

CREATE OR REPLACE FUNCTION sheaf_append_one(the_id text, the_epoch bigint, the_first bigint, the_count integer, the_body text, the_end smallint, ends_at bigint)
RETURNS smallint
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    SELECT sheaf_append_one(the_id, the_epoch, the_first, the_count, the_body, the_end, ends_at, NULL);
$$;
