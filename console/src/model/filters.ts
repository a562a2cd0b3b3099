/** The filters of the list of transfers: the same names in the page's address and in the API. */

export const FILTER_NAMES = ["State", "Direction", "ConnectorId", "Since", "Until", "PathContains"] as const;

export type FilterName = (typeof FILTER_NAMES)[number];
export type Filters = Partial<Record<FilterName, string>>;

export const STATES = ["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"] as const;
export const DIRECTIONS = ["SEND", "RETRIEVE", "LIST", "MOVE", "DELETE"] as const;

const ALLOWED: Partial<Record<FilterName, readonly string[]>> = { State: STATES, Direction: DIRECTIONS };

/** What an address has; what nobody could have chosen there is passed over. */
export function readFilters(query: Record<string, string>): Filters {
  const filters: Filters = {};
  for (const name of FILTER_NAMES) {
    const value = query[name];
    if (value && (ALLOWED[name]?.includes(value) ?? true)) filters[name] = value;
  }
  return filters;
}

export function sameFilters(one: Filters, other: Filters): boolean {
  return FILTER_NAMES.every((name) => (one[name] ?? "") === (other[name] ?? ""));
}
