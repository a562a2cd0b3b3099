/** What a connector is made of, as questions: the wizard asks them one after the other, the editor all at once. */

import { roleChoices, secretChoices } from "../api/access";
import { policyChoices } from "../api/connectors";
import { configurationChoices } from "../api/networks";
import type { Field, Values } from "./fields";
import { given, listOf } from "./fields";

export const urlField: Field = {
  name: "url",
  label: "connectors.partner",
  kind: "text",
  placeholder: "sftp://files.example.com:22",
  about: "wizard.urlAbout",
};
export const configurationField: Field = {
  name: "configuration",
  label: "connector.configuration",
  kind: "choice",
  choices: configurationChoices,
  about: "wizard.configurationAbout",
};
export const portField: Field = { name: "port", label: "connector.port", kind: "text", initial: "22", about: "wizard.portAbout" };
export const nameField: Field = { name: "name", label: "column.name", kind: "text", optional: true, about: "wizard.nameAbout" };
export const secretField: Field = { name: "secret", label: "connector.secret", kind: "choice", choices: secretChoices };
export const roleField: Field = { name: "role", label: "connector.role", kind: "choice", choices: roleChoices, about: "wizard.roleAbout" };
export const keysField: Field = {
  name: "keys",
  label: "connector.keys",
  kind: "lines",
  optional: true,
  placeholder: "ssh-ed25519 AAAA…",
  about: "wizard.keysAbout",
};
export const policyField: Field = { name: "policy", label: "connector.policy", kind: "choice", choices: policyChoices, optional: true };
export const connectionsField: Field = {
  name: "connections",
  label: "connector.connections",
  kind: "text",
  optional: true,
  about: "wizard.connectionsAbout",
};

export type Egress = "managed" | "lattice";

/** One key a line. */
export function keysOf(text: string | undefined): string[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function sftpConfig(values: Values) {
  const keys = keysOf(values.keys);
  const connections = listOf(values.connections)[0];
  return {
    UserSecretId: given(values.secret),
    TrustedHostKeys: keys.length > 0 ? keys : undefined,
    MaxConcurrentConnections: connections ? Number(connections) : undefined,
  };
}

function egress(way: Egress, values: Values) {
  if (way === "managed") return { Url: given(values.url) };
  return { EgressConfig: { VpcLattice: { ResourceConfigurationArn: values.configuration, PortNumber: Number(values.port || 22) } } };
}

/** The input of CreateConnector. */
export function createInput(way: Egress, values: Values) {
  const name = given(values.name);
  return {
    ...egress(way, values),
    AccessRole: given(values.role),
    SftpConfig: sftpConfig(values),
    SecurityPolicyName: given(values.policy),
    Tags: name ? [{ Key: "Name", Value: name }] : undefined,
  };
}

/** The input of UpdateConnector but for the id. */
export function updateInput(way: Egress, values: Values) {
  const { Tags: _kept, ...input } = createInput(way, values);
  return input;
}
