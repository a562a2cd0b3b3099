/** What a form asks for, as a table: so that every resource is made by the same form. */

import type { Word } from "../words";

export interface Choice {
  value: string;
  label?: string;
  about?: string;
}

export interface Field {
  name: string;
  label: Word;
  kind: "text" | "password" | "lines" | "choice" | "choices";
  about?: Word;
  initial?: string;
  optional?: true;
  placeholder?: string;
  choices?(): Promise<Choice[]>;
}

/** Several choices stand side by side with a space between them: ids have none. */
export type Values = Record<string, string>;

export function initialValues(fields: Field[]): Values {
  return Object.fromEntries(fields.map((field) => [field.name, field.initial ?? ""]));
}

/** The fields that still have to be filled in. */
export function missingFields(fields: Field[], values: Values): Field[] {
  return fields.filter((field) => !field.optional && !values[field.name]?.trim());
}

export function listOf(value: string | undefined): string[] {
  return (value ?? "").split(/\s+/).filter(Boolean);
}

/** What was left empty was not said. */
export function given(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}
