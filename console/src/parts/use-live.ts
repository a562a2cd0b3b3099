import { useEffect, useRef, useState } from "react";
import { type FileEvent, listen } from "../api/events";
import type { Query } from "../api/native";

/** Hears what happens to the files that @filter chooses while the page is open. True while it hears. */
export function useLive(filter: Query, tell: (event: FileEvent) => void): boolean {
  const [live, setLive] = useState(false);
  const latest = useRef(tell);
  useEffect(() => {
    latest.current = tell;
  }, [tell]);
  const wanted = JSON.stringify(filter);
  useEffect(() => listen(JSON.parse(wanted) as Query, (event) => latest.current(event), setLive), [wanted]);
  return live;
}

/** Calls @act soon after it is asked to, however often that is, and no more than once in @everyMs. */
export function useSettled(act: () => void, everyMs: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  }, [act]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, everyMs);
  };
}
