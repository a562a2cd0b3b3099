import { useCallback, useState } from "react";
import { type Loaded, useLoad } from "./use-load";

interface Paged<Row> {
  rows: Row[];
  next: string | undefined;
}

export interface Pages<Row> {
  loaded: Loaded<Paged<Row>>;
  /** From 1. */
  page: number;
  /** As far as is known: there is more behind it when @isOpen. */
  count: number;
  isOpen: boolean;
  go(page: number): void;
}

/** A list that the server pages: each page names where the next begins, so that pages are walked one after the other. */
export function usePages<Row>(load: (token: string | undefined) => Promise<Paged<Row>>, of: string): Pages<Row> {
  const [place, setPlace] = useState<{ of: string; page: number; tokens: (string | undefined)[] }>({ of, page: 1, tokens: [undefined] });
  const { page, tokens } = place.of === of ? place : { page: 1, tokens: [undefined] };
  const token = tokens[page - 1];
  const loaded = useLoad(() => load(token), [of, token]);
  /* Also while the same page is looked at again: who goes on then is not held up. */
  const next = loaded.answered ? loaded.value?.next : undefined;
  const known = next && page === tokens.length ? [...tokens, next] : tokens;

  const go = useCallback(
    (wanted: number) => setPlace({ of, page: Math.min(wanted, known.length), tokens: known }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is known follows from these
    [of, next, page],
  );
  return { loaded, page, count: known.length, isOpen: next !== undefined, go };
}
