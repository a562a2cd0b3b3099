import { useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "../model/route";

function onChange(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

/** The page's address, parsed. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(onChange, () => location.hash));
}

export function go(segments: string[], query?: Record<string, string | undefined>) {
  location.hash = formatRoute(segments, query);
}

/** Changes the address of this page, and not the way back to the one before. */
export function refine(segments: string[], query: Record<string, string | undefined>) {
  history.replaceState(null, "", formatRoute(segments, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
