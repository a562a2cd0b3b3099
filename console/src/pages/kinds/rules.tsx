import type { SecurityGroupRule } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { groupChoices, securityGroupRules } from "../../api/networks";
import { given } from "../../model/fields";
import { portRange, portsText } from "../../model/ports";
import { type Kind, Resources } from "../../parts/resources";

const PROTOCOLS = () => Promise.resolve([{ value: "tcp" }, { value: "udp" }, { value: "icmp" }, { value: "-1", label: "*" }]);

/** Only what leaves counts: a resource gateway lets nobody in. */
async function outboundRules(): Promise<SecurityGroupRule[]> {
  return (await securityGroupRules()).filter((rule) => rule.IsEgress);
}

const kind: Kind<SecurityGroupRule> = {
  title: "rules.title",
  about: "rules.about",
  load: outboundRules,
  nameOf: (rule) => rule.SecurityGroupRuleId ?? "",
  columns: [
    { header: "column.id", text: (rule) => rule.SecurityGroupRuleId },
    { header: "column.group", text: (rule) => rule.GroupId },
    { header: "column.protocol", text: (rule) => (rule.IpProtocol === "-1" ? "*" : rule.IpProtocol) },
    { header: "column.ports", text: (rule) => portsText(rule.FromPort, rule.ToPort) },
    { header: "column.to", text: (rule) => rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId },
    { header: "column.description", text: (rule) => rule.Description },
  ],
  create: {
    label: "rules.create",
    fields: [
      { name: "group", label: "column.group", kind: "choice", choices: groupChoices },
      { name: "protocol", label: "column.protocol", kind: "choice", choices: PROTOCOLS, initial: "tcp" },
      { name: "ports", label: "column.ports", kind: "text", optional: true, placeholder: "22", about: "rules.portsAbout" },
      { name: "to", label: "column.to", kind: "text", placeholder: "10.7.9.22/32" },
    ],
    async run(values) {
      const ports = portRange(values.ports);
      const IpRanges = [{ CidrIp: given(values.to) }];
      const permission = { IpProtocol: values.protocol, FromPort: ports?.from, ToPort: ports?.to, IpRanges };
      await aws("ec2", "AuthorizeSecurityGroupEgress", { GroupId: values.group, IpPermissions: [permission] });
      return undefined;
    },
  },
  remove: (rule) =>
    aws("ec2", "RevokeSecurityGroupEgress", { GroupId: rule.GroupId, SecurityGroupRuleIds: [rule.SecurityGroupRuleId ?? ""] }),
};

export const Rules = () => <Resources kind={kind} />;
