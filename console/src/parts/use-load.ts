import { type DependencyList, useCallback, useEffect, useState } from "react";

export interface Loaded<Value> {
  value: Value | undefined;
  error: unknown;
  loading: boolean;
  /** Looks again; what was there stays visible meanwhile. */
  reload(): void;
}

/** What @load answers, again whenever one of @of changes. An answer that comes too late is dropped. */
export function useLoad<Value>(load: () => Promise<Value>, of: DependencyList): Loaded<Value> {
  const [state, setState] = useState<{ value?: Value; error?: unknown; loading: boolean }>({ loading: true });
  const [round, setRound] = useState(0);
  // eslint-disable-next-line react-hooks/exhaustive-deps, react-hooks/use-memo -- the caller says what it depends on
  const asked = useCallback(load, of);

  useEffect(() => {
    let wanted = true;
    const settle = (next: { value?: Value; error?: unknown }) => {
      if (wanted) setState((before) => ({ ...before, error: undefined, ...next, loading: false }));
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
  return { value: state.value, error: state.error, loading: state.loading, reload };
}
