cwlVersion: v1.0
class: CommandLineTool
baseCommand: [echo, hello]
inputs: {}
outputs:
  text: {type: stdout}
stdout: text.txt
