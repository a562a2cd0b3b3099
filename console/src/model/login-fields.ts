import type { Field } from "./fields";

/** A partner's login. What was typed here is never shown again. */
export const loginFields: Field[] = [
  { name: "user", label: "secrets.user", kind: "text" },
  { name: "password", label: "secrets.password", kind: "password", optional: true },
  { name: "privateKey", label: "secrets.privateKey", kind: "lines", optional: true, about: "secrets.privateKeyAbout" },
];
