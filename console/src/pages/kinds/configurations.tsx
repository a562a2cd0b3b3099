import { aws } from "../../api/aws";
import { gatewayChoices, type ResourceConfiguration, resourceConfigurations, targetOf } from "../../api/networks";
import { given, listOf } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";

const ADDRESS = /^[0-9.]+$|:/;

/** A target is an address or a name: they are told apart by how they look, as a browser does. */
function definitionOf(target: string) {
  return ADDRESS.test(target)
    ? { ipResource: { ipAddress: target } }
    : { dnsResource: { domainName: target, ipAddressType: "IPV4" as const } };
}

const kind: Kind<ResourceConfiguration> = {
  title: "configurations.title",
  about: "configurations.about",
  load: resourceConfigurations,
  nameOf: (one) => one.name ?? "",
  columns: [
    { header: "column.name", text: (one) => one.name },
    { header: "column.id", text: (one) => one.id },
    { header: "column.state", text: (one) => one.status, cell: (one) => <State of={one.status} /> },
    { header: "column.gateway", text: (one) => one.resourceGatewayId },
    { header: "column.target", text: targetOf },
    { header: "column.ports", text: (one) => one.portRanges?.join(", ") },
  ],
  create: {
    label: "configurations.create",
    fields: [
      { name: "name", label: "column.name", kind: "text", placeholder: "partner" },
      { name: "gateway", label: "column.gateway", kind: "choice", choices: gatewayChoices },
      { name: "target", label: "column.target", kind: "text", placeholder: "10.7.9.22", about: "configurations.targetAbout" },
      { name: "ports", label: "column.ports", kind: "text", initial: "22", about: "configurations.portsAbout" },
    ],
    async run(values) {
      await aws("lattice", "CreateResourceConfiguration", {
        name: given(values.name),
        type: "SINGLE",
        resourceGatewayIdentifier: values.gateway,
        portRanges: listOf(values.ports?.replaceAll(",", " ")),
        resourceConfigurationDefinition: definitionOf(values.target?.trim() ?? ""),
      });
      return undefined;
    },
  },
  remove: (one) => aws("lattice", "DeleteResourceConfiguration", { resourceConfigurationIdentifier: one.id }),
};

export const Configurations = () => <Resources kind={kind} />;
