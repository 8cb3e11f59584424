// module Policy
