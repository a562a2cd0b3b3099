/** What looks at the answers, held against wrong ones: without it every other check could be green by chance. */

import { NormalizedSchema } from "@smithy/core/schema";
import { parseXML } from "@aws-sdk/xml-builder";
import { check, same } from "../lib/checks.mjs";
import { EC2, Lattice, Transfer } from "../lib/clients.mjs";
import { compareJson, compareXml, witnessed } from "../lib/witness.mjs";

const output = (Command) => NormalizedSchema.of(new Command({}).schema[5]);
const told = (compare) => {
  compare();
  return witnessed.splice(0);
};
const json = (Command, value) => told(() => compareJson(output(Command), value, "answer"));
const xml = (Command, text) => told(() => compareXml(output(Command), parseXML(`<R>${text}</R>`).R, "answer"));

for (const [what, Command, value, sentence] of [
  ["a member that the model does not have", Transfer.CreateConnectorCommand, { ConnectorId: "c", More: 1 }, "on the wire answer.More is unknown to the model"],
  ["a member that is missing", Transfer.CreateConnectorCommand, {}, "on the wire answer.ConnectorId is missing, and required"],
  ["a number for text", Transfer.CreateConnectorCommand, { ConnectorId: 7 }, "on the wire answer.ConnectorId is number 7 and has to be string"],
  ["null", Transfer.CreateConnectorCommand, { ConnectorId: null }, "on the wire answer.ConnectorId is null null and has to be string"],
  ["text for a number", Transfer.DescribeConnectorCommand,
    { Connector: { Arn: "", EgressType: "", Status: "", SftpConfig: { MaxConcurrentConnections: "1" } } },
    `on the wire answer.Connector.SftpConfig.MaxConcurrentConnections is string "1" and has to be number`],
  ["an object for a list", Transfer.ListConnectorsCommand, { Connectors: {} }, "on the wire answer.Connectors is object {} and has to be array"],
  ["seconds for a time that is text", Lattice.GetResourceGatewayCommand, { createdAt: 1 }, "on the wire answer.createdAt is number 1 and has to be string"],
  ["a union of two", Lattice.GetResourceConfigurationCommand,
    { resourceConfigurationDefinition: { ipResource: { ipAddress: "" }, arnResource: { arn: "" } } },
    "on the wire answer.resourceConfigurationDefinition is a union and has not one member"],
  ["a body where none may be", Transfer.DeleteConnectorCommand, { a: 1 }, "on the wire answer has to be empty"],
]) {
  await check(`the witness tells of ${what}`, () => same(json(Command, value), [sentence]));
}
for (const [what, Command, text, sentence] of [
  ["an element that the model does not have", EC2.CreateVpcCommand, "<vpc><color>red</color></vpc>", "on the wire answer.vpc.color is unknown to the model"],
  ["a truth that is none", EC2.CreateVpcCommand, "<vpc><isDefault>no</isDefault></vpc>", "on the wire answer.vpc.isDefault is neither true nor false: no"],
  ["a number that is none", EC2.CreateSubnetCommand, "<subnet><availableIpAddressCount>few</availableIpAddressCount></subnet>",
    "on the wire answer.subnet.availableIpAddressCount is no number: few"],
  ["a list with elements of another name", EC2.DescribeVpcsCommand, "<vpcSet><vpc/></vpcSet>", "on the wire answer.vpcSet.vpc has to be item"],
]) {
  await check(`the witness tells of ${what}`, () => same(xml(Command, text), [sentence]));
}
await check("the witness has nothing to tell of answers as they have to be", () => {
  same(json(Transfer.ListConnectorsCommand, { Connectors: [{ Arn: "a", ConnectorId: "c" }], NextToken: "t" }), []);
  same(xml(EC2.DescribeVpcsCommand, "<vpcSet><item><vpcId>vpc-1</vpcId></item><item/></vpcSet>"), []);
});
