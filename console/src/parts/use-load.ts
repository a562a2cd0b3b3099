import { type DependencyList, useCallback, useEffect, useState } from "react";

export interface Loaded<Value> {
  /** Also while something newer is on its way. */
  value: Value | undefined;
  error: unknown;
  /** What is wanted now has not been answered yet. */
  loading: boolean;
  /** What is wanted now was answered before, though it may be looked for again. */
  answered: boolean;
  /** Looks again. */
  reload(): void;
}

interface Answer<Value> {
  /** What it is the answer to. */
  to?: () => Promise<Value>;
  round?: number;
  value?: Value;
  error?: unknown;
}

/** What @load answers, again whenever one of @of changes. An answer that comes too late is dropped. */
export function useLoad<Value>(load: () => Promise<Value>, of: DependencyList): Loaded<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({});
  const [round, setRound] = useState(0);
  // eslint-disable-next-line react-hooks/exhaustive-deps, react-hooks/use-memo -- the caller says what it depends on
  const asked = useCallback(load, of);

  useEffect(() => {
    let wanted = true;
    const settle = (next: { value?: Value; error?: unknown }) => {
      if (wanted) setAnswer((before) => ({ value: before.value, ...next, to: asked, round }));
    };
    asked().then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    );
    return () => {
      wanted = false;
    };
  }, [asked, round]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const answered = answer.to === asked;
  return { value: answer.value, error: answer.error, loading: !answered || answer.round !== round, answered, reload };
}
