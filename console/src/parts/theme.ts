/** Light or dark: as the system says until somebody chooses. */

import { applyMode, Mode } from "@cloudscape-design/global-styles";

export type Theme = "light" | "dark";

const STORED_AS = "sallyport.theme";

export function firstTheme(): Theme {
  const chosen = localStorage.getItem(STORED_AS);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function applyTheme(theme: Theme) {
  applyMode(theme === "dark" ? Mode.Dark : Mode.Light);
}

export function keepTheme(theme: Theme) {
  localStorage.setItem(STORED_AS, theme);
}
