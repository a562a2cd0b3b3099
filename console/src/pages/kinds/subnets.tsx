import type { Subnet } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { nameTag, tagOf, tagSpecifications } from "../../api/names";
import { subnets, vpcChoices } from "../../api/networks";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";

const kind: Kind<Subnet> = {
  title: "subnets.title",
  about: "subnets.about",
  load: subnets,
  nameOf: (subnet) => subnet.SubnetId ?? "",
  columns: [
    { header: "column.id", text: (subnet) => subnet.SubnetId },
    { header: "column.name", text: (subnet) => nameTag(subnet.Tags) },
    { header: "column.vpc", text: (subnet) => subnet.VpcId },
    { header: "column.block", text: (subnet) => subnet.CidrBlock },
    { header: "column.free", text: (subnet) => String(subnet.AvailableIpAddressCount ?? "") },
    { header: "column.state", text: (subnet) => subnet.State, cell: (subnet) => <State of={subnet.State} /> },
    { header: "column.uplink", text: (subnet) => tagOf(subnet.Tags, "sallyport:uplink") },
  ],
  create: {
    label: "subnets.create",
    fields: [
      { name: "vpc", label: "column.vpc", kind: "choice", choices: vpcChoices },
      { name: "cidr", label: "column.block", kind: "text", placeholder: "10.7.1.0/24" },
      { name: "name", label: "column.name", kind: "text", optional: true },
      { name: "uplink", label: "column.uplink", kind: "text", optional: true, about: "subnets.uplinkAbout", placeholder: "eth1.120" },
      { name: "router", label: "column.router", kind: "text", optional: true, about: "subnets.routerAbout" },
    ],
    async run(values) {
      const tags = { Name: given(values.name), "sallyport:uplink": given(values.uplink), "sallyport:router": given(values.router) };
      await aws("ec2", "CreateSubnet", {
        VpcId: values.vpc,
        CidrBlock: given(values.cidr),
        TagSpecifications: tagSpecifications("subnet", tags),
      });
      return undefined;
    },
  },
  remove: (subnet) => aws("ec2", "DeleteSubnet", { SubnetId: subnet.SubnetId }),
};

export const Subnets = () => <Resources kind={kind} />;
