"""Writes the Markdown reference of a proto file from its comments.

    protoc -I proto --include_source_info --include_imports -o api.binpb enos/dataflow/v1/flow_service.proto
    /usr/bin/python3 tools/reference/proto_reference.py api.binpb enos/dataflow/v1/flow_service.proto

Every service, method, message, enum, field and value has a comment in the file: a missing one is an error, status 1.
"""

import re
import sys

from google.protobuf import descriptor_pb2

# Numbers of the fields in descriptor.proto that a location's path is made of.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE, SERVICE_METHOD, MESSAGE_FIELD, ENUM_VALUE = 4, 5, 6, 2, 2, 2
Field = descriptor_pb2.FieldDescriptorProto


class Reference:
    def __init__(self, file):
        self.file = file
        self.comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        self.lines = []

    def comment(self, name, *path):
        """The paragraphs of a comment, without the blank that follows each `//` and without what is for buf."""
        text = re.sub(r"^ buf:lint:.*\n", "", self.comments.get(path, ""), flags=re.MULTILINE)
        if not text.strip():
            raise SystemExit(f"proto_reference.py: {name} has no comment")
        return "\n".join(line[1:] if line.startswith(" ") else line for line in text.rstrip("\n").split("\n"))

    def write(self):
        self.lines += [
            f"# Reference of `{self.file.package}`", "",
            f"Made from the comments of `proto/{self.file.name}` by `tests/checks/reference.sh --fix`: change them there.", ""]
        for index, service in enumerate(self.file.service):
            self.write_service(service, index)
        for index, message in enumerate(self.file.message_type):
            self.write_message(message, index)
        for index, enum in enumerate(self.file.enum_type):
            self.write_enum(enum, index)
        return "\n".join(self.lines).rstrip("\n") + "\n"

    def write_service(self, service, index):
        self.lines += [f"## Service {service.name}", "", self.comment(service.name, FILE_SERVICE, index), ""]
        for number, method in enumerate(service.method):
            types = [self.link(name) for name in (method.input_type, method.output_type)]
            self.lines += [f"### {method.name}", "", f"{types[0]} → {types[1]}", "",
                           f"Full name: `/{self.file.package}.{service.name}/{method.name}`", "",
                           self.comment(method.name, FILE_SERVICE, index, SERVICE_METHOD, number), ""]

    def write_message(self, message, index):
        self.lines += [f"## {message.name}", "", self.comment(message.name, FILE_MESSAGE, index), "",
                       "| field | type | number | |", "|---|---|---|---|"]
        for number, field in enumerate(message.field):
            text = self.comment(f"{message.name}.{field.name}", FILE_MESSAGE, index, MESSAGE_FIELD, number)
            self.lines.append(f"| `{field.name}` | {self.type_of(field)} | {field.number} | {cell_of(text)} |")
        self.lines.append("")

    def write_enum(self, enum, index):
        self.lines += [f"## {enum.name}", "", self.comment(enum.name, FILE_ENUM, index), "",
                       "| value | number | |", "|---|---|---|"]
        for number, value in enumerate(enum.value):
            text = self.comment(f"{enum.name}.{value.name}", FILE_ENUM, index, ENUM_VALUE, number)
            self.lines.append(f"| `{value.name}` | {value.number} | {cell_of(text)} |")
        self.lines.append("")

    def type_of(self, field):
        repeated = "repeated " if field.label == Field.LABEL_REPEATED else ""
        if field.type_name:
            return repeated + self.link(field.type_name)
        return f"{repeated}`{Field.Type.Name(field.type).removeprefix('TYPE_').lower()}`"

    def link(self, type_name):
        name = type_name.removeprefix(f".{self.file.package}.")
        if name == type_name:
            return f"`{type_name.removeprefix('.')}`"
        return f"[{name}](#{name.lower()})"


def cell_of(text):
    return " ".join(text.split()).replace("|", "\\|")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    files = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as source:
        files.ParseFromString(source.read())
    for file in files.file:
        if file.name == sys.argv[2]:
            sys.stdout.write(Reference(file).write())
            return
    raise SystemExit(f"proto_reference.py: {sys.argv[1]} has no file {sys.argv[2]}")


main()
